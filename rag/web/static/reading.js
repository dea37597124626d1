// Reading: the citations of an answer one after the other, and an article's reference to copy.
// Others ask by events of the document: `step` (detail: 1 or -1), `say` (detail: a text) and
// `copy-text` (detail: the text, and what is said that it is).
{
  let open = null; // the citation on view: the number of its turn, and its place
  let holder = null; // what in the panel had the focus, which a redrawn panel loses

  // What is said stands in one element from the start: a screen reader follows changes only.
  const status = document.createElement("div");
  status.className = "spoken";
  status.role = "status";
  // Gradio clears the body when it starts; the panel is drawn after that
  document.addEventListener("panel", () => document.body.append(status), { once: true });
  let clearing = 0;
  const say = (text, shown = true) => {
    clearTimeout(clearing);
    status.textContent = text;
    status.toggleAttribute("data-shown", shown);
    clearing = setTimeout(() => {
      status.textContent = "";
    }, 5000);
  };
  document.addEventListener("say", (event) => say(event.detail));

  const place = ({ dataset }) => `${dataset.cite} ${dataset.start} ${dataset.end}`;
  // One marker for each citation of an answer, in the order of the text.
  const markers = (turn) => {
    const found = new Map();
    for (const marker of turn?.querySelectorAll(".answer .cite") ?? []) {
      if (!found.has(place(marker))) found.set(place(marker), marker);
    }
    return [...found.values()];
  };
  const standing = () => {
    const turns = [...document.querySelectorAll("[data-turn]")].reverse();
    const turn =
      turns.find((one) => one.dataset.turn === open?.turn) ??
      turns.find((one) => markers(one).length);
    const all = markers(turn);
    return { turn, all, at: all.findIndex((one) => place(one) === open?.place) };
  };

  const mark = () => {
    const { turn } = standing();
    for (const one of document.querySelectorAll("[data-cite]")) {
      const current = open && turn?.contains(one) && place(one) === open.place;
      if (current) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    }
  };
  const drawSteps = () => {
    const group = document.querySelector("#panel .citation-steps");
    if (!group) return;
    const { all, at } = standing();
    group.hidden = at < 0 || all.length < 2;
    group.querySelector(".at").textContent = `${at + 1}/${all.length}`;
    for (const button of group.querySelectorAll("[data-step]")) {
      // not `disabled`, which would let the focus go
      button.setAttribute("aria-disabled", String(!all[at + Number(button.dataset.step)]));
    }
  };
  const step = (by) => {
    const { all, at } = standing();
    if (!all.length) return;
    const next = at >= 0 ? at + by : by > 0 ? 0 : all.length - 1;
    if (!all[next]) {
      say(words(by > 0 ? "已是最后一处引文" : "已是第一处引文"));
      return;
    }
    const focused = document.activeElement;
    if (focused?.matches("#panel [data-step]")) holder = `[data-step="${focused.dataset.step}"]`;
    else if (focused?.closest("#panel")) holder = ".scroll";
    all[next].scrollIntoView({ block: "nearest" });
    all[next].click();
    say(words("第 {n} 处引文，共 {total} 处", { n: next + 1, total: all.length }), false);
  };

  const copied = async (text) => {
    if (navigator.clipboard) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch (error) {
        console.info(error); // not allowed: the older way may be
      }
    }
    // over plain http there is no clipboard but this one
    const focused = document.activeElement;
    const field = document.createElement("textarea");
    field.className = "to-copy";
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    focused?.focus({ preventScroll: true });
    return done;
  };

  const copy = async (text, said) => {
    const done = await copied(text);
    say(words(done ? "已复制：{text}" : "浏览器不许复制，请自行选取：{text}", { text: said }));
  };
  document.addEventListener("copy-text", ({ detail }) => copy(detail.text, detail.said));
  document.addEventListener("click", (event) => {
    const cite = event.target.closest("[data-cite]");
    const left = event.target.closest("[data-open], .source[data-article] [data-panel=library]");
    if (cite) open = { turn: cite.closest("[data-turn]")?.dataset.turn, place: place(cite) };
    if (left) open = null;
    if (cite || left) mark();
    const button = event.target.closest("[data-step]");
    if (button) step(Number(button.dataset.step));
    const asked = event.target.closest("[data-copy]")?.dataset;
    if (asked) copy(asked.copy, asked.said ?? asked.copy);
  });
  document.addEventListener("step", (event) => step(event.detail));
  document.addEventListener("talk", mark); // a part of the conversation was drawn anew
  document.addEventListener("panel", () => {
    drawSteps();
    if (holder) document.querySelector(`#panel ${holder}`)?.focus({ preventScroll: true });
    holder = null;
  });
}
