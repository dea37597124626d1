// Links to an answer, and how the page opens: at what a link leads to, else as this tab was left.
// `store` and the list stand above.

// The question and what limits it stand in the address; nothing is asked unsaid.
const follow = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  const question = given.get("a");
  if (!question) return false;
  history.replaceState(null, "", location.pathname + location.search);
  const [id, number] = (given.get("in") ?? "").split("-");
  const talk = store.get(id);
  if (talk?.turns[number - 1]?.question === question) {
    jump = number;
    reopen(talk);
  } else {
    trigger("linked", { ...Object.fromEntries(given), question });
  }
  return true;
};
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-link]");
  if (!link) return;
  const number = link.closest("[data-turn]").dataset.turn;
  const here = current ? `&in=${current}-${number}` : "";
  const text = `${location.origin}${location.pathname}#${link.dataset.link}${here}`;
  document.dispatchEvent(new CustomEvent("copy-text", { detail: { text, said: words("链接") } }));
});
// what it leads to may have been kept in another browser just now
window.addEventListener("hashchange", async () => {
  await store.forget();
  follow();
});

// Who comes after a logout begins anew.
document.addEventListener("submit", (event) => {
  if (!event.target.closest("#logout")) return;
  sessionStorage.removeItem(OPEN);
  window.dispatchEvent(new Event("leave-nothing"));
});

// Once the page was greeted: what a link leads to, else what this tab has shown before
const before = sessionStorage.getItem(OPEN);
const column = localStorage.getItem(COLUMN);
if (before) root.dataset.restoring = ""; // the welcome would only flash
if (wide.matches && column === "open") show();
const read = store.ready.then(() => {
  if (!store.get(before)) delete root.dataset.restoring;
  draw();
  if (wide.matches && !column && store.all().length) show();
});
document.addEventListener(
  "talk",
  async () => {
    mark();
    await read;
    const talk = store.get(before);
    if (!follow() && talk && !current) reopen(talk);
  },
  { once: true },
);
