// What scripts say, in the language of the page. `window.words(said, values)` is `words` of
// language.py: the Chinese text is the key, its `{}` are filled in from the values.
{
  const language = document.documentElement.lang;
  window.words = (said, values = {}) => {
    const known = window.gradio_config?.i18n_translations?.[language] ?? {};
    return (known[said] ?? said).replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);
  };
  // Gradio writes the title as it was given
  document.addEventListener("talk", () => (document.title = words(document.title)), { once: true });
}
