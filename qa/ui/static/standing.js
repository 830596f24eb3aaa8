// Where the keyboard stands: the server draws parts of the page anew while someone is in them, so the element that had
// the focus is found again by what it does; when it is gone, what is nearest to it takes its place.
(() => {
  "use strict";
  let standing = null;

  const turnOf = (element) => element.closest(".turn")?.dataset.turn;
  const meaning = (element) => [element.tagName, element.id, JSON.stringify(element.dataset), turnOf(element)].join(" ");

  function same() {
    const found = [...document.querySelectorAll("#room :is(a, button, input, summary, mark)")];
    return found.find((element) => meaning(element) === standing.meaning);
  }

  function nearest() {
    return document.querySelector(standing.turn ? `.turn[data-turn="${standing.turn}"] .actions button` : "#documents button");
  }

  function keep() {
    if (!standing || document.activeElement !== document.body) return;
    const target = same() ?? nearest();
    const fold = target?.closest("details:not([open])");
    (fold ? fold.querySelector("summary") : target)?.focus({ preventScroll: true });
  }

  window.readingRoom.keepStanding = () => {
    document.addEventListener("pointerdown", () => (standing = null)); // whoever clicks beside everything has left
    document.addEventListener("focusin", ({ target }) => {
      const drawn = target.closest("#past, #live, #shelf, #article");
      standing = drawn ? { meaning: meaning(target), turn: turnOf(target) ?? "" } : null;
    });
    new MutationObserver(keep).observe(document.body, { childList: true, subtree: true });
  };
})();
