// The article panel in the browser: bringing marked words into view, folding on a phone, the way back to the answer,
// and the quote shown beside a citation on hover and focus. Other files reach it through window.readingRoom.
(() => {
  "use strict";
  const room = (window.readingRoom = { act: () => {} });
  const $ = (room.find = (selector, root = document) => root.querySelector(selector));
  const phone = (room.phone = () => matchMedia("(max-width: 760px)").matches);
  room.calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  let lastJump = 0;
  let returnTo = null;
  let away = false;
  let tipFor = null;

  const panel = () => $("#article article");
  const marksOf = (number) => [...document.querySelectorAll(`#article mark[data-marks~="${number}"]`)];
  const bring = (target) => target.scrollIntoView({ block: "center", behavior: room.calm() ? "auto" : "smooth" });

  function flash(marks) {
    if (!marks.length) return;
    unfold(true);
    bring(marks[0]);
    for (const mark of document.querySelectorAll("mark.current")) mark.classList.remove("current");
    for (const mark of marks) {
      mark.classList.remove("flash");
      void mark.offsetWidth; // restarts the animation
      mark.classList.add("flash", "current");
    }
    marks[0].focus({ preventScroll: true });
  }

  // A click on a citation: its marks are in the panel already, or the server is asked to draw them.
  room.openCitation = (link) => {
    hideTip();
    const { document: wanted, turn, cite, start, end } = link.dataset;
    const shown = panel();
    const marks = marksOf(cite);
    room.leaveFrom(link);
    const drawn = shown?.dataset.document === wanted && shown.dataset.turn === turn && marks.length > 0;
    if (drawn) flash(marks);
    room.act({ act: "show", document: wanted, turn, start, end, drawn });
  };

  room.leaveFrom = (link) => {
    returnTo = link;
    away = false;
    if (phone()) backButton().hidden = !link;
  };

  // The server has drawn the panel anew; `data-jump` rises when it is to move to a place.
  room.arrive = () => {
    const shown = panel();
    if (!shown || Number(shown.dataset.jump) <= lastJump) return;
    lastJump = Number(shown.dataset.jump);
    const asked = shown.dataset.focus === "1";
    if (!asked && phone()) return;
    if (asked) unfold(true);
    if (shown.dataset.start === undefined) {
      if (asked) $("#article-title").scrollIntoView({ block: "start" });
      return;
    }
    const wanted = marksAt(shown);
    if (asked) flash(wanted);
    else if (wanted.length) bring(wanted[0]);
  };

  // A place that is no quote is marked as such; of a quote, the server names the number.
  function marksAt(shown) {
    const place = [...shown.querySelectorAll('mark[data-marks~="0"]')];
    return place.length ? place : marksOf(shown.dataset.number);
  }

  const unfold = (room.unfold = (open) => {
    const reading = $("#reading");
    const button = $("#fold");
    if (!reading || !button) return;
    reading.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? $(".bar").dataset.hide : $(".bar").dataset.show;
  });
  room.isOpen = () => $("#reading").classList.contains("open");

  function backButton() {
    let button = $("#back");
    if (!button) {
      button = Object.assign(document.createElement("button"), { id: "back", type: "button", hidden: true });
      button.addEventListener("click", room.goBack);
      $("#reading").append(button);
    }
    button.textContent = $(".bar")?.dataset.back ?? "";
    return button;
  }

  // Whoever has scrolled away and back to the answer needs the button no longer.
  addEventListener("scroll", () => {
    const box = returnTo?.getBoundingClientRect();
    const seen = box && box.bottom > 0 && box.top < innerHeight;
    if (seen && away && $("#back")) $("#back").hidden = true;
    away = !seen;
  });

  room.goBack = () => {
    if ($("#back")) $("#back").hidden = true;
    if (!returnTo || !returnTo.isConnected) return;
    returnTo.scrollIntoView({ block: "center" });
    returnTo.focus({ preventScroll: true });
  };

  // The quote beside its mark. The link's own label says the same to screen readers.
  room.showTip = (link) => {
    if (!link.classList.contains("cite")) return;
    let tip = $("#tip");
    if (!tip) {
      tip = Object.assign(document.createElement("div"), { id: "tip", dir: "auto" });
      tip.setAttribute("aria-hidden", "true");
      document.body.append(tip);
    }
    if (tipFor) hideTip();
    tipFor = link;
    tip.textContent = link.getAttribute("aria-label");
    tip.hidden = false;
    const box = link.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(box.left - 12, innerWidth - size.width - 8))}px`;
    tip.style.top = `${box.top > size.height + 12 ? box.top - size.height - 6 : box.bottom + 6}px`;
    point(link, true);
  };

  const hideTip = (room.hideTip = () => {
    if (!tipFor) return false;
    point(tipFor, false);
    tipFor = null;
    $("#tip").hidden = true;
    return true;
  });

  // The statement that the quote supports, shown while its mark is pointed at.
  function point(link, on) {
    const turn = link.closest(".turn");
    for (const claim of turn ? turn.querySelectorAll(`.claim[data-claims~="${link.dataset.cite}"]`) : [])
      claim.classList.toggle("pointed", on);
  }
})();
