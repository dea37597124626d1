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
const copy = async (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.body.appendChild(make("textarea", text)); // not served over https
  field.select();
  document.execCommand("copy");
  field.remove();
};
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-link]");
  if (!link) return;
  const number = link.closest("[data-turn]").dataset.turn;
  const here = current ? `&in=${current}-${number}` : "";
  await copy(`${location.origin}${location.pathname}#${link.dataset.link}${here}`);
  link.textContent = words("已复制");
  setTimeout(() => {
    link.textContent = words("链接");
  }, 2000);
});
window.addEventListener("hashchange", follow);

// Who comes after a logout begins anew.
document.addEventListener("submit", (event) => {
  if (event.target.closest("#logout")) sessionStorage.removeItem(OPEN);
});

// Once the page was greeted: what a link leads to, else what this tab has shown before
const before = store.get(sessionStorage.getItem(OPEN));
if (before) root.dataset.restoring = ""; // the welcome would only flash
document.addEventListener(
  "talk",
  () => {
    mark();
    if (!follow() && before) reopen(before);
  },
  { once: true },
);
draw();
const wanted = localStorage.getItem(COLUMN) ?? (store.all().length ? "open" : "shut");
if (wide.matches && wanted === "open") show();
