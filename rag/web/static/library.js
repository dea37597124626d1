// Runs once for each part of the tab 资料库 that has buttons.
// Given by Gradio: element, trigger, watch.

// Gradio looks for the names of events in here
const ACTS = ["more", "period", "take", "take_all", "discard", "discard_all", "remove"];
const opened = new Set(); // issues that the reader has unfolded

element.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]");
  if (ACTS.includes(act?.dataset.act)) trigger(act.dataset.act, { ...act.dataset });
  // the panel beside the conversation listens for this as well, and shows the article
  if (event.target.closest("[data-open]")) document.getElementById("tab-main").click();
});

// The bars of the chart are one stop of the Tab key; arrows go from bar to bar.
element.addEventListener("keydown", (event) => {
  const bar = event.target.closest("g[data-act]");
  if (!bar) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    trigger("period", { ...bar.dataset });
    return;
  }
  const all = [...element.querySelectorAll("g[data-act]")];
  const at = all.indexOf(bar);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (!all[next]) return;
  event.preventDefault();
  bar.setAttribute("tabindex", "-1");
  all[next].setAttribute("tabindex", "0");
  all[next].focus();
});

// What was unfolded stays so when the list is drawn anew; `toggle` does not bubble.
element.addEventListener(
  "toggle",
  (event) => {
    const { issue } = event.target.dataset;
    if (!issue) return;
    if (event.target.open) opened.add(issue);
    else opened.delete(issue);
  },
  true,
);
watch("value", () => {
  for (const one of element.querySelectorAll("details[data-issue]")) {
    one.open = opened.has(one.dataset.issue);
  }
  if (element.querySelector(".shelf")) document.dispatchEvent(new Event("shelf"));
});
