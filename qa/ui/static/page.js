// The page in the browser: clicks and keys become messages to the server ({question} or {act: ...}); copying, saving,
// themes and scrolling to a new question happen here. Needs the other scripts.
(() => {
  "use strict";
  const room = window.readingRoom;
  const $ = room.find;
  let ask = () => {};
  let lastExport = 0;
  let lastTurn = null;

  const composer = () => $("#composer textarea");
  const here = (rest) => location.origin + location.pathname + rest;

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: text }); // http from another host
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    $("#status p").textContent = $(".bar").dataset.copied;
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1500);
  }

  room.save = (file) => {
    if (!file || file.number === lastExport) return;
    lastExport = file.number;
    const address = URL.createObjectURL(new Blob([file.text], { type: file.type }));
    Object.assign(document.createElement("a"), { href: address, download: file.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };

  function theme(dark) {
    document.body.classList.toggle("dark", dark);
    localStorage.setItem("reading-theme", dark ? "dark" : "light");
  }

  // A new question comes to the top of the conversation and stays there while its answer grows under it.
  room.wrote = () => {
    const turn = $("#live .turn");
    const name = turn ? turn.dataset.turn + $(".question", turn).textContent : null;
    if (name === lastTurn) return;
    lastTurn = name;
    room.leaveFrom(null);
    const behavior = room.calm() ? "auto" : "smooth";
    if (turn) requestAnimationFrame(() => turn.scrollIntoView({ block: "start", behavior }));
  };

  // What a button does, by the data attribute it carries.
  const doings = {
    ask: (data) => {
      ask({ question: data.ask, turn: data.replace ? Number(data.turn) : null });
      if (!room.phone()) composer().focus({ preventScroll: true }); // there it would call up the keyboard
    },
    copy: (data, button) => copy(data.copy, button),
    copyLink: (data, button) => copy(here(data.copyLink), button),
    copyQuery: (data, button) => copy(here(`?q=${encodeURIComponent(data.copyQuery)}`), button),
    themeSwitch: () => theme(!document.body.classList.contains("dark")),
    act: (data, button) => {
      if (data.act === "show") room.leaveFrom(button);
      room.act({ ...data });
      if (data.act === "edit" || data.act === "clear") composer().focus();
    },
  };

  function onClick(event) {
    const target = event.target.closest("a[data-cite], a.skip, button");
    if (!target) return;
    if (target.matches("a[data-cite]")) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window
      event.preventDefault();
      room.openCitation(target);
    } else if (target.matches("a.skip")) {
      event.preventDefault();
      if (target.hash === "#composer") return composer().focus();
      room.unfold(true);
      $("#article").focus();
    } else if (target.id === "fold") room.unfold(!room.isOpen());
    else if (target.matches(".label-wrap")) requestAnimationFrame(tellAccordion);
    else {
      const doing = Object.keys(doings).find((name) => name in target.dataset);
      if (doing) doings[doing](target.dataset, target);
    }
    const menu = target.closest("details.menu");
    if (menu) menu.open = false;
  }

  function onKey(event) {
    if (event.key !== "Escape") return;
    const menu = $("details.menu[open]");
    if (menu) {
      menu.open = false;
      $("summary", menu).focus();
    } else if (!room.hideTip() && event.target.closest("#article")) room.goBack();
  }

  function onChange({ target }) {
    if (target.dataset?.act === "choose") room.act({ ...target.dataset, checked: target.checked });
  }

  function onSubmit(event) {
    const form = event.target;
    if (form.dataset.act !== "remark") return;
    event.preventDefault();
    room.act({ ...form.dataset, remark: form.elements.remark.value });
  }

  function openHash() {
    const cite = location.hash.match(/^#\/\?cite=([\w-]+):(\d+)-(\d+)$/);
    if (cite) room.act({ act: "show", document: cite[1], start: cite[2], end: cite[3] });
  }

  function tellAccordion() {
    const button = $("#documents .label-wrap");
    const content = $('#documents [data-testid="accordion-content"]');
    $("#documents .label-wrap .icon")?.setAttribute("aria-hidden", "true");
    if (button && content) button.setAttribute("aria-expanded", String(content.style.display !== "none"));
  }

  // Names and roles that gradio's own components do not carry.
  function landmarks() {
    const bar = $(".bar");
    if (!bar) return;
    document.documentElement.lang = bar.dataset.language;
    document.title = $("h1", bar).textContent;
    for (const [id, role, label] of [
      ["#conversation", "region", bar.dataset.conversation],
      ["#reading", "region", bar.dataset.article],
    ]) {
      $(id).setAttribute("role", role);
      $(id).setAttribute("aria-label", label);
    }
    composer()?.setAttribute("aria-label", bar.dataset.composer); // gradio's label holds the button too
    for (const id of ["#scroll", "#reading"]) $(id).setAttribute("tabindex", "0"); // they scroll, so keys must reach them
    $("#article").setAttribute("tabindex", "-1");
    if (!$("#fold")) {
      if (!room.phone()) composer().focus({ preventScroll: true });
      const fold = Object.assign(document.createElement("button"), { id: "fold", type: "button" });
      fold.setAttribute("aria-controls", "article");
      $("#reading").prepend(fold);
    }
    room.unfold(room.isOpen());
    tellAccordion();
  }

  room.attach = (askServer, actServer, watch) => {
    ask = askServer;
    room.act = actServer;
    const kept = localStorage.getItem("reading-theme");
    if (kept && !new URLSearchParams(location.search).has("__theme")) theme(kept === "dark");
    watch("value", landmarks);
    landmarks();
    document.addEventListener("click", onClick);
    document.addEventListener("keydown", onKey);
    document.addEventListener("change", onChange);
    document.addEventListener("submit", onSubmit);
    document.addEventListener("mouseover", ({ target }) => {
      const link = target.closest("a.cite");
      if (link) room.showTip(link);
      else room.hideTip();
    });
    document.addEventListener("focusin", ({ target }) => (target.matches("a.cite") ? room.showTip(target) : room.hideTip()));
    document.addEventListener("scroll", room.hideTip, true);
    addEventListener("hashchange", openHash);
    room.keepStanding();
    room.takeFiles();
  };
})();
