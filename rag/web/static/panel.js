// The source panel: beside the conversation on a wide screen, a sheet over it on a narrow one.
// Given by Gradio: element, trigger, watch.

const body = document.body;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const narrow = matchMedia("(max-width: 860px)");
let shown = null; // the article on view
let opener = null; // what had the focus before the sheet opened

const openSheet = () => {
  if (!narrow.matches || body.dataset.sheet) return;
  opener = document.activeElement;
  body.dataset.sheet = "open";
  element.querySelector(".shut")?.focus();
};
const closeSheet = () => {
  if (!body.dataset.sheet) return;
  delete body.dataset.sheet;
  opener?.focus?.();
};

// Bring the cited sentence into view by scrolling the panel alone, never the page.
const reveal = (sameArticle) => {
  const scroll = element.querySelector(".scroll");
  if (!scroll) return;
  const mark = scroll.querySelector("mark");
  let top = 0;
  if (mark) {
    const start = scroll.getBoundingClientRect().top - scroll.scrollTop;
    const { top: from, bottom: to } = mark.getBoundingClientRect();
    // a sentence near the head is read with the headline still in view
    if (to - start > scroll.clientHeight * 0.7) top = from - start - scroll.clientHeight / 3;
  }
  scroll.scrollTo({ top, behavior: sameArticle && !calm.matches ? "smooth" : "instant" });
};

watch("value", () => {
  const article = element.querySelector(".source")?.dataset.article ?? null;
  if (article) openSheet();
  reveal(article !== null && article === shown);
  shown = article;
  document.dispatchEvent(new Event("panel"));
});

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-panel]");
  if (control?.dataset.panel === "close") closeSheet();
  // Gradio shows its page of the named endpoints only from its own footer, which is hidden
  if (control?.dataset.panel === "api") document.querySelector("footer button")?.click();
  if (control?.dataset.panel === "library") {
    openSheet();
    if (shown) trigger("library");
  }
  const title = event.target.closest("[data-open]"); // in the panel, or in the tab 资料库
  if (title) trigger("open_article", { article: title.dataset.open });
});
// the list of articles is drawn anew, unless it is being read
document.addEventListener("news", () => {
  if (!shown && !element.querySelector(".scroll")?.scrollTop) trigger("library");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeSheet();
});
