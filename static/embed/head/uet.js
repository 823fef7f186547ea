// The stored choice at once: denied first, Microsoft's script would send a request of its own for that.
window.uetq = window.uetq || [];
uetq.push("consent", "default", { ad_storage: granted(UET) });
