// What can be done with an answer. Runs once for each of the two parts of the conversation.
// Given by Gradio: element, trigger, watch.
{
  // Gradio looks for the names of events in here
  const ACTS = ["anew", "edit", "up", "down", "shut"];
  const opened = new Set(); // turns whose 检查记录 was unfolded
  let focus = null; // what is to have the focus once it is drawn anew
  let ticking = 0;

  const turnOf = (node) => Number(node.closest("[data-turn]").dataset.turn);
  const within = (turn, part) => `[data-turn="${turn}"] ${part}`;

  element.addEventListener("click", (event) => {
    const act = event.target.closest("[data-act]")?.dataset.act;
    if (!ACTS.includes(act)) return;
    const turn = turnOf(event.target);
    const form = event.target.closest("[data-turn]").querySelector(".why");
    if (act === "down" && !form) focus = within(turn, ".why");
    else focus = within(turn, `[data-act=${act === "shut" ? "down" : act}]`);
    trigger(act, { turn });
  });
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const turn = turnOf(event.target);
    focus = within(turn, "[data-act=down]");
    trigger("why", { turn, ...Object.fromEntries(new FormData(event.target)) });
  });
  element.addEventListener("keydown", (event) => {
    const form = event.target.closest(".why");
    if (event.key !== "Escape" || event.isComposing || !form) return;
    event.stopPropagation();
    form.querySelector("[data-act=shut]").click();
  });

  // What was unfolded stays so when it is drawn anew; `toggle` does not bubble.
  element.addEventListener(
    "toggle",
    (event) => {
      if (!event.target.matches(".checks") || !event.target.isConnected) return;
      const turn = turnOf(event.target);
      if (event.target.open) opened.add(turn);
      else opened.delete(turn);
    },
    true,
  );

  // The time of the step under way goes on between one drawing and the next.
  const tick = (since) => {
    const took = element.querySelector(".now .took");
    if (!took) return clearInterval(ticking);
    const seconds = Number(took.dataset.spent) + (performance.now() - since) / 1000;
    took.textContent = words("{spent} 秒", { spent: seconds.toFixed(1) });
  };
  watch("value", () => {
    clearInterval(ticking);
    if (element.querySelector(".now .took")) ticking = setInterval(tick, 100, performance.now());
    for (const one of element.querySelectorAll(".checks")) {
      if (opened.has(turnOf(one))) one.open = true;
    }
    const { activeElement: active, body } = document;
    const free = active === body || element.contains(active); // the reader has not gone on
    const found = focus && free ? element.querySelector(focus) : null;
    const field = found?.querySelector("input:checked") ?? found?.querySelector("input") ?? found;
    field?.focus({ preventScroll: true });
    focus = null;
    // after the answer was followed to its end
    const form = found?.closest(".why");
    if (form) requestAnimationFrame(() => form.scrollIntoView({ block: "nearest" }));
  });
}
