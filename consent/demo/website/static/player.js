// The cookies that YouTube's player sets; YSC lasts as long as the browser session.
(() => {
  const value = () => Math.random().toString(36).slice(2, 13);
  document.cookie = `VISITOR_INFO1_LIVE=${value()}; max-age=15552000; path=/; SameSite=Lax`;
  document.cookie = `YSC=${value()}; path=/; SameSite=Lax`;
})();
