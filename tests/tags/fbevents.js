// Stands in for Meta's script, which no registry carries. Behaves as fbevents.js 2.9.49, 2.9.111, 2.9.239 and 2.9.243
// were seen to (2026-11-28) with what its base code had queued, and with what it is told later:
// - events are kept back while consent is revoked, and sent when it is granted;
// - a grant that waits in the queue behind a revoke is lost: nothing is sent, until it is granted once more.
{
  let isRevoked = false;
  const kept = [];
  const sent = (window.sentToMeta = []);
  const heard = (window.heardByMeta = []);
  const send = (event) => (isRevoked ? kept : sent).push(event);
  const obey = (isQueued, [method, argument]) => {
    heard.push([method, argument]);
    if (method === "track") send(argument);
    if (method !== "consent") return;
    if (argument === "grant" && isRevoked && isQueued) return;
    isRevoked = argument === "revoke";
    if (!isRevoked) sent.push(...kept.splice(0));
  };
  fbq.callMethod = (...values) => obey(false, values);
  for (const each of fbq.queue.splice(0)) obey(true, each);
}
