window.clarity =
  window.clarity ||
  function () {
    (clarity.q = clarity.q || []).push(arguments);
  };
clarity("consentv2", { ad_Storage: "denied", analytics_Storage: "denied" });
