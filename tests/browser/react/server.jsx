// Prints what a server would send for a page, in JSON: the parts that come at once, and those that come later.
import { Writable } from "node:stream";
import { renderToPipeableStream } from "react-dom/server";
import { late, Shop } from "./page.jsx";

const props = JSON.parse(process.argv[2]);
const parts = ["", ""];
let part = 0;

const sink = new Writable({
  write(chunk, _, done) {
    parts[part] += chunk;
    done();
  },
  final(done) {
    process.stdout.write(JSON.stringify(parts));
    done();
  },
});

let arrive;
late.comes = new Promise((done) => (arrive = done));

const { pipe } = renderToPipeableStream(<Shop {...props} />, {
  bootstrapScriptContent: `window.shop = ${JSON.stringify(props)}`,
  bootstrapScripts: ["/client.js"],
  onShellReady() {
    pipe(sink);
    setTimeout(() => {
      part = 1;
      late.here = true;
      arrive();
    });
  },
});
