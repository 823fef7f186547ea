window.uetq = window.uetq || [];
uetq.push("consent", "default", { ad_storage: "denied" });
