// Files on their way to the server: dropped anywhere on the article's side as well as chosen, and those that are too
// large are named at once instead of being sent.
(() => {
  "use strict";
  const room = window.readingRoom;
  const input = () => document.querySelector("#documents input[type=file]");
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const side = (event) => event.target.closest("#reading");

  function give(files) {
    const kept = new DataTransfer();
    for (const file of files) kept.items.add(file);
    input().files = kept.files;
    input().dispatchEvent(new Event("change", { bubbles: true }));
  }

  function leaveOutTooLarge(event) {
    if (event.target !== input()) return;
    const largest = Number(document.querySelector(".bar")?.dataset.largest || Infinity);
    const files = [...event.target.files];
    const tooLarge = files.filter((file) => file.size > largest);
    if (!tooLarge.length) return;
    event.stopImmediatePropagation();
    room.act({ act: "too_large", names: tooLarge.map((file) => file.name).join(", ") });
    const rest = files.filter((file) => file.size <= largest);
    if (rest.length) give(rest);
    else event.target.value = "";
  }

  // Gradio draws what is folded away only once it is opened.
  async function opened() {
    if (!document.querySelector("#paste")?.checkVisibility()) document.querySelector("#documents .label-wrap").click();
    for (let tries = 0; tries < 40 && !input(); tries++) await new Promise((resolve) => setTimeout(resolve, 50));
    return input();
  }

  async function onDrop(event) {
    if (!carriesFiles(event)) return;
    event.preventDefault(); // else the browser would open the file in place of the page
    document.body.classList.remove("dropping");
    const files = [...event.dataTransfer.files]; // gone after the first wait
    if (side(event) && (await opened())) give(files);
  }

  room.takeFiles = () => {
    document.addEventListener("change", leaveOutTooLarge, true);
    document.addEventListener("drop", onDrop);
    document.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      document.body.classList.toggle("dropping", Boolean(side(event)));
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
  };
})();
