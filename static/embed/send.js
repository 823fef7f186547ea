// Lets the server know of decisions. What could not be sent stays in the cookie until it could.
//
// Takes choice.js.

let sending = false;

async function send() {
  const post = choice?.q[0];
  if (!post || sending) return;
  sending = true;
  const token = choice.k;
  let retry = false;
  try {
    // A string goes as text/plain, which needs no preflight; keepalive lets it outlive the page.
    const answer = await fetch(`${BASE}/decisions`, {
      method: "POST",
      body: JSON.stringify({ ...post, token }),
      keepalive: true,
    });
    const received = answer.ok && (await answer.json());
    choice = readChoice() || choice; // somebody may have chosen while we waited, here or in another tab
    if (received) choice.k = received.token;
    // A token that no longer holds: the same decision is sent without it.
    else if (token && [401, 403].includes(answer.status)) delete choice.k;
    // It will never be accepted, so keeping it would help nobody.
    else if ([400, 409, 413, 422].includes(answer.status)) {
      // A grant that nobody can prove is none.
      if (choice.i === post.id) choice.p = mapKeys(PURPOSES, () => 0), choice.s = {}, choice.d = 1;
    } else throw answer.status;
    if (answer.ok || choice.k === token) choice.q = choice.q.filter(({ id }) => id !== post.id);
    writeChoice();
    if (!answer.ok && choice.k === token) apply();
    retry = true;
  } catch {
    // Offline, or the server is: the next page view tries again.
  }
  sending = false;
  if (retry) send();
}
