// Runs once for each of the two parts of the conversation: what is past, and the current turn.
// Given by Gradio: element, trigger, watch.

element.addEventListener("click", (event) => {
  const cite = event.target.closest("[data-cite]");
  if (cite) {
    trigger("cite", {
      article: cite.dataset.cite,
      start: Number(cite.dataset.start),
      end: Number(cite.dataset.end),
    });
    return;
  }
  const again = event.target.closest("[data-again]");
  if (again) trigger("again", { turn: Number(again.dataset.again) });
  const example = event.target.closest("[data-question]");
  if (example) trigger("example", { question: example.dataset.question });
});

// Follow the answer while it grows, unless the reader has scrolled away from its end.
const talk = document.getElementById("talk");
let turn = null;
let following = true;
let top = 0;

const toEnd = () => {
  talk.scrollTop = talk.scrollHeight;
};
talk.addEventListener(
  "scroll",
  () => {
    const left = talk.scrollHeight - talk.scrollTop - talk.clientHeight;
    if (left < 80) following = true;
    else if (talk.scrollTop < top) following = false;
    top = talk.scrollTop;
  },
  { passive: true },
);
// the box below grows and shrinks with what is typed
new ResizeObserver(() => {
  if (following) toEnd();
}).observe(talk);
watch("value", () => {
  document.dispatchEvent(new Event("talk"));
  const shown = element.querySelector("[data-turn]:last-child");
  if (!shown) return;
  // a question that was changed keeps its number
  if (shown.dataset.turn !== turn || shown.matches(".waiting")) {
    turn = shown.dataset.turn;
    following = true;
  }
  if (following) requestAnimationFrame(toEnd);
});
