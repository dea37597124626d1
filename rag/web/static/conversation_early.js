// After a login alone: what the server keeps is asked for before Gradio has started.
// `conversation_server.js` reads the answer.
window.keptConversations = fetch("/conversations", {
  cache: "no-store",
  signal: AbortSignal.timeout(30_000),
}).catch((error) => {
  console.warn(`/conversations: ${error.message}`);
  return null;
});
