// Light or dark, as the reader chose. Gradio follows the system: its class is put right before
// anything is painted.
{
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = localStorage.getItem("rag.theme");
    const dark = chosen === "dark" || (chosen !== "light" && system.matches);
    for (const node of [document.documentElement, document.body]) {
      if (node && node.classList.contains("dark") !== dark) node.classList.toggle("dark", dark);
    }
  };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("appearance", apply);
  window.addEventListener("storage", apply);
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    new MutationObserver(apply).observe(document.body, { attributeFilter: ["class"] });
  });
}
