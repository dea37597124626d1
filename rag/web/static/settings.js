// The drawer of settings. They stay in this browser; the server is told those that answers need.
// Given by Gradio: element, trigger, watch.

const KEY = "rag.settings";
const THEME = "rag.theme";
const LANGUAGE = "rag-language"; // a cookie, since the server draws the page in it
const dialog = element.querySelector("dialog");
const form = element.querySelector("form");
const [sources, length, theme, language] = ["sources", "length", "theme", "language"].map((name) =>
  form.elements.namedItem(name),
);
const generator = form.elements.namedItem("generator"); // null where there is but one

const stored = () => {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch (error) {
    console.warn(`${KEY}: ${error.message}`);
    localStorage.removeItem(KEY);
    return {};
  }
};
const count = () => {
  form.querySelector("output").value = words("{n} 段", { n: sources.value });
};
const tell = () => trigger("choose", stored());
const fill = () => {
  const chosen = stored();
  form.reset();
  if (Number.isInteger(chosen.sources)) sources.value = chosen.sources;
  if ([...length].some((one) => one.value === chosen.length)) length.value = chosen.length;
  if (generator && [...generator].some((one) => one.value === chosen.generator))
    generator.value = chosen.generator;
  theme.value = localStorage.getItem(THEME) ?? "system";
  if (!theme.value) theme.value = "system";
  language.value = document.documentElement.lang;
  count();
};

form.addEventListener("input", (event) => {
  count();
  if (event.target.name === "theme") {
    if (theme.value === "system") localStorage.removeItem(THEME);
    else localStorage.setItem(THEME, theme.value);
    document.dispatchEvent(new Event("appearance"));
  }
});
form.addEventListener("change", (event) => {
  if (event.target.name === "theme") return;
  if (event.target.name === "language") {
    document.cookie = `${LANGUAGE}=${language.value}; path=/; max-age=31536000; samesite=lax`;
    location.reload(); // the conversation on view comes back
    return;
  }
  const chosen = { sources: Number(sources.value), length: length.value };
  if (generator?.value) chosen.generator = generator.value;
  localStorage.setItem(KEY, JSON.stringify(chosen));
  tell();
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close(); // beside it
});
document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-settings]")?.dataset.settings;
  if (control === "open") {
    fill();
    dialog.showModal();
  }
  if (control === "close") dialog.close();
  if (control === "usual") {
    localStorage.removeItem(KEY);
    localStorage.removeItem(THEME);
    document.dispatchEvent(new Event("appearance"));
    fill();
    tell();
  }
});
// chosen in another tab
addEventListener("storage", (event) => event.key === KEY && tell());
// once the page was greeted
document.addEventListener("talk", () => localStorage.getItem(KEY) && tell(), { once: true });
