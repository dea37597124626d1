// What scripts say, in the language of the page. `window.words(said, values)` is `words` of
// language.py: the Chinese text is the key, its `{}` are filled in from the values. Where one of
// them is 1 there may be a form of its own.
{
  const language = document.documentElement.lang;
  window.words = (said, values = {}) => {
    const known = window.gradio_config?.i18n_translations?.[language] ?? {};
    const one = Object.values(values).some((value) => Number(value) === 1);
    const form = (one && known[`${said}\n1`]) || known[said] || said;
    return form.replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);
  };
  // Gradio writes the title as it was given
  document.addEventListener("talk", () => (document.title = words(document.title)), { once: true });
}
