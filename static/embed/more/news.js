// Asks the server for a newer choice, which the privacy pages may have recorded.
//
// Takes main, SITE, VERSION, PURPOSES, SERVICES.

// What replaces the fields of `choice`, or nothing when there was no answer.
async function fetchNewer(choice) {
  try {
    const answer = await fetch(main.NOTICE.replace(/privacy\/[^/]*\/$/, `api/v1/sites/${SITE}/visitors/me`), {
      headers: { Authorization: "Bearer " + choice.k },
      signal: AbortSignal.timeout?.(2000),
    });
    const asked = { c: Math.floor(Date.now() / 1000) };
    const latest = answer.ok && (await answer.json()).decisions[0];
    // Nobody there, or nothing left of them: nothing is agreed to. A server in trouble says nothing of that.
    if (!latest && (answer.ok || [401, 403, 404].includes(answer.status))) return { ...asked, p: {}, s: {}, d: 1 };
    if (latest.id === choice.i) return asked;
    // Granted under another version: "?" equals no fingerprint, so it is asked again.
    const keep = (granted, purpose) =>
      granted ? (latest.version === VERSION ? PURPOSES[purpose] : "?") : "0";
    const map = (object, value) =>
      Object.fromEntries(Object.entries(object).map(([key, granted]) => [key, value(granted, key)]));
    return {
      ...asked,
      v: latest.version,
      t: Math.max(choice.t, Math.floor(Date.parse(latest.decided_at) / 1000)),
      i: latest.id,
      d: 1,
      p: map(latest.purposes, keep),
      s: map(latest.services, (granted, service) => keep(granted, SERVICES[service])),
    };
  } catch {
    return null;
  }
}
