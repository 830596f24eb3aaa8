// What the browser does by itself: links between answers and the article, the quote shown on hover and focus,
// copying, folding, themes. Everything else is sent to the server as {act: ...} or {question: ...}.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const phone = () => matchMedia("(max-width: 760px)").matches;
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  let ask = () => {};
  let act = () => {};
  let lastJump = 0;
  let lastExport = 0;
  let returnTo = null;
  let tipFor = null;

  // The article panel

  const scrollTo = (target) => target.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });

  function flash(marks, takeFocus) {
    if (!marks.length) return;
    unfold(true);
    scrollTo(marks[0]);
    for (const mark of marks) {
      mark.classList.remove("flash");
      void mark.offsetWidth; // restarts the animation
      mark.classList.add("flash");
    }
    if (takeFocus) marks[0].focus({ preventScroll: true });
  }

  const marksOf = (number) => [...document.querySelectorAll(`#article mark[data-marks~="${number}"]`)];

  function openCitation(link) {
    returnTo = link;
    hideTip();
    const shown = $("#article article");
    const { document: wanted, turn, cite, start, end } = link.dataset;
    const marks = marksOf(cite);
    if (shown && shown.dataset.document === wanted && shown.dataset.turn === turn && marks.length) flash(marks, true);
    else act({ act: "show", document: wanted, turn, start, end });
    if (phone()) backButton().hidden = false;
  }

  function arrive() {
    const shown = $("#article article");
    if (!shown || Number(shown.dataset.jump) <= lastJump) return;
    lastJump = Number(shown.dataset.jump);
    const asked = shown.dataset.focus === "1";
    if (!asked && phone()) return;
    if (asked) unfold(true);
    if (shown.dataset.start === undefined) {
      if (asked) ($("#article-title") || shown).scrollIntoView({ block: "start" });
      return;
    }
    const marks = [...shown.querySelectorAll("mark")];
    const place = marks.find((mark) => mark.matches(".place"));
    const wanted = place ? [place] : spanMarks(marks, shown);
    if (asked) flash(wanted, true);
    else if (wanted[0]) scrollTo(wanted[0]);
  }

  // The quote whose span was asked for: the server names the span, the marks carry their numbers.
  function spanMarks(marks, shown) {
    const turn = document.querySelector(
      `a[data-cite][data-document="${CSS.escape(shown.dataset.document)}"][data-start="${shown.dataset.start}"]` +
        `[data-end="${shown.dataset.end}"][data-turn="${shown.dataset.turn}"]`
    );
    return turn ? marksOf(turn.dataset.cite) : marks.slice(0, 1);
  }

  function unfold(open) {
    const reading = $("#reading");
    if (!reading) return;
    reading.classList.toggle("open", open);
    const button = $("#fold");
    if (!button) return;
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? $(".bar").dataset.hide : $(".bar").dataset.show;
  }

  function backButton() {
    let button = $("#back");
    if (!button) {
      button = Object.assign(document.createElement("button"), { id: "back", type: "button", hidden: true });
      button.addEventListener("click", goBack);
      $("#reading").append(button);
    }
    button.textContent = $(".bar").dataset.back;
    return button;
  }

  function goBack() {
    backButton().hidden = true;
    if (!returnTo || !returnTo.isConnected) return;
    returnTo.scrollIntoView({ block: "center" });
    returnTo.focus({ preventScroll: true });
  }

  // The quote beside its mark

  function showTip(link) {
    const quote = link.getAttribute("aria-label");
    if (!quote || link.classList.contains("quote")) return;
    let tip = $("#tip");
    if (!tip) {
      tip = Object.assign(document.createElement("div"), { id: "tip", dir: "auto" });
      tip.setAttribute("aria-hidden", "true"); // the link's own label says the same
      document.body.append(tip);
    }
    tipFor = link;
    tip.textContent = quote;
    tip.hidden = false;
    const box = link.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const above = box.top > size.height + 12;
    tip.style.left = `${Math.max(8, Math.min(box.left - 12, innerWidth - size.width - 8))}px`;
    tip.style.top = `${above ? box.top - size.height - 6 : box.bottom + 6}px`;
    claim(link, true);
  }

  function hideTip() {
    if (tipFor) claim(tipFor, false);
    tipFor = null;
    if ($("#tip")) $("#tip").hidden = true;
  }

  function claim(link, on) {
    const turn = link.closest(".turn");
    for (const span of turn ? turn.querySelectorAll(`.claim[data-claims~="${link.dataset.cite}"]`) : [])
      span.classList.toggle("pointed", on);
  }

  // Small things

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: text }); // plain http on another host
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    $("#status p").textContent = $(".bar").dataset.copied;
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1500);
  }

  function save(file) {
    if (!file || file.number === lastExport) return;
    lastExport = file.number;
    const address = URL.createObjectURL(new Blob([file.text], { type: file.type }));
    Object.assign(document.createElement("a"), { href: address, download: file.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  function theme(dark) {
    document.body.classList.toggle("dark", dark);
    localStorage.setItem("reading-theme", dark ? "dark" : "light");
  }

  const here = (rest) => location.origin + location.pathname + rest;
  const composer = () => $("#composer textarea");

  function send(question, turn) {
    ask({ question, turn });
    composer()?.focus({ preventScroll: true });
  }

  // A new question comes to the top of the conversation and stays there while its answer grows under it.
  let lastTurn = null;
  function wrote() {
    const turn = $("#live .turn");
    const number = turn ? turn.dataset.turn + $(".question", turn).textContent : null;
    if (number === lastTurn) return;
    lastTurn = number;
    if (turn) requestAnimationFrame(() => turn.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" }));
  }

  function onClick(event) {
    const target = event.target.closest("a[data-cite], button, summary, a.skip");
    if (!target) return;
    const data = target.dataset;
    if (target.matches("a[data-cite]")) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      openCitation(target);
    } else if (data.ask !== undefined) send(data.ask, data.replace ? Number(data.turn) : null);
    else if (data.copy !== undefined) copy(data.copy, target);
    else if (data.copyLink !== undefined) copy(here(data.copyLink), target);
    else if (data.copyQuery !== undefined) copy(here(`?q=${encodeURIComponent(data.copyQuery)}`), target);
    else if (data.themeSwitch !== undefined) theme(!document.body.classList.contains("dark"));
    else if (target.id === "fold") unfold(!$("#reading").classList.contains("open"));
    else if (target.matches(".skip")) {
      event.preventDefault();
      if (target.hash === "#composer") composer().focus();
      else { unfold(true); $("#article").focus(); }
    } else if (data.act) {
      if (data.act === "show") returnTo = target;
      act({ ...data });
      if (data.act === "edit" || data.act === "clear") composer().focus();
      if (phone() && data.act === "show") backButton().hidden = false;
    }
    const menu = target.closest("details.menu");
    if (menu && target.tagName === "BUTTON") menu.open = false;
  }

  function onKey(event) {
    if (event.key !== "Escape") return;
    if (tipFor) hideTip();
    else if (event.target.closest?.("#reading")) goBack();
    const menu = $("details.menu[open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); }
  }

  function openHash() {
    const cite = location.hash.match(/^#\/\?cite=([\w-]+):(\d+)-(\d+)$/);
    if (cite) act({ act: "show", document: cite[1], start: cite[2], end: cite[3] });
  }

  function landmarks() {
    const label = (id, role, text) => {
      const part = $(id);
      if (!part) return;
      part.setAttribute("role", role);
      part.setAttribute("aria-label", text);
    };
    const bar = $(".bar");
    if (!bar) return;
    document.documentElement.lang = bar.dataset.language;
    label("#conversation", "region", bar.dataset.conversation);
    label("#reading", "complementary", bar.dataset.article);
    $("#article")?.setAttribute("tabindex", "-1");
    if (!$("#fold")) {
      const fold = Object.assign(document.createElement("button"), { id: "fold", type: "button" });
      fold.setAttribute("aria-controls", "article");
      $("#reading").prepend(fold);
    }
    unfold($("#reading").classList.contains("open"));
  }

  function attach(element, askServer, actServer, watch) {
    ask = askServer;
    act = actServer;
    const kept = localStorage.getItem("reading-theme");
    if (kept && !new URLSearchParams(location.search).has("__theme")) theme(kept === "dark");
    watch("value", landmarks);
    landmarks();
    document.addEventListener("click", onClick);
    document.addEventListener("keydown", onKey);
    document.addEventListener("change", ({ target }) => {
      if (target.dataset?.act === "choose") act({ ...target.dataset, checked: target.checked });
    });
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (form.dataset.act !== "remark") return;
      event.preventDefault();
      act({ ...form.dataset, remark: form.elements.remark.value });
    });
    const links = "a[data-cite]";
    document.addEventListener("mouseover", (event) => {
      const link = event.target.closest(links);
      if (link) showTip(link);
      else if (tipFor && !event.target.closest("#tip")) hideTip();
    });
    document.addEventListener("focusin", (event) => (event.target.closest(links) ? showTip(event.target) : hideTip()));
    document.addEventListener("scroll", hideTip, true);
    addEventListener("hashchange", openHash);
  }

  window.readingRoom = { attach, arrive, wrote, save };
})();
