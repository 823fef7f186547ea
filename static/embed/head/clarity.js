// The stored choice at once: a denial would end the session of the page before.
window.clarity =
  window.clarity ||
  function () {
    (clarity.q = clarity.q || []).push(arguments);
  };
clarity("consentv2", Object.fromEntries(Object.entries(CLARITY).map(([type, pairs]) => [type, granted(pairs)])));
