// What follows a choice: the signals here and the page's listeners, all else in after/.
//
// Takes choice.js, load.js.

// A mistake of the page's must not stop what a visitor decided.
function call(signal) {
  try {
    signal();
  } catch (error) {
    reportError(error);
  }
}

// While a choice waits to be painted, or to be confirmed, nothing starts.
const signal = () => main.held || main.signals.forEach(call);

// Makes the page follow the choice, and tells whoever listens.
async function apply() {
  signal();
  const rest = await load("after");
  document.dispatchEvent(new CustomEvent("consent:change", { detail: state() }));
  rest?.follow();
}
