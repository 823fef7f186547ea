// A page that is React's from <html> down, as a framework like Next.js makes it: the banner's script and what waits for
// consent are elements of the application.
import { Suspense, useEffect, useState } from "react";

const note = (name) => ({ __html: `(parent.ran ??= []).push('${name}');` });
const Waiting = ({ name, ...more }) => (
  <script type="text/plain" data-consent="analytics" dangerouslySetInnerHTML={name && note(name)} {...more} />
);

// What the server sends later. It has it when `late.here` is true; a browser has it by then.
export const late = { here: typeof window !== "undefined" };

function Reviews() {
  if (!late.here) throw late.comes;
  return <p id="reviews">Good pots</p>;
}

function Counter() {
  const [pressed, setPressed] = useState(0);
  useEffect(() => {
    window.hydrated = true;
  }, []);
  return <button onClick={() => setPressed(pressed + 1)}>{`Pressed ${pressed}`}</button>;
}

// Two routes, of which one has a script that waits for consent and no element around it.
function Routes() {
  const [route, setRoute] = useState("pots");
  return (
    <>
      <nav>
        <button onClick={() => setRoute("pots")}>Pots</button>
        <button onClick={() => setRoute("cups")}>Cups</button>
      </nav>
      {route === "pots" ? (
        <>
          <h2>All pots</h2>
          <Waiting name="route" />
        </>
      ) : (
        <h2>All cups</h2>
      )}
    </>
  );
}

export function Shop({ script, routes, streamed }) {
  return (
    <html lang="nb">
      <head>
        <title>Shop</title>
        {script && <script async src={script} />}
        <Waiting name="head" />
      </head>
      <body>
        <h1>Shop</h1>
        <Counter />
        {routes && <Routes />}
        {streamed && (
          <Suspense fallback={<p id="wait">A moment</p>}>
            <Reviews />
          </Suspense>
        )}
        <Waiting name="inline" />
        <Waiting data-src="/outside.js" />
        <iframe data-consent="marketing" data-src="/film" title="Film" />
      </body>
    </html>
  );
}
