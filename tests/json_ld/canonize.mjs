// Prints the canonical N-Quads of the JSON-LD document on standard input.
import { text } from "node:stream/consumers";
import jsonld from "jsonld";

const documentLoader = (address) => {
  throw new Error(`The document wants ${address} to be fetched.`);
};
const options = { algorithm: "RDFC-1.0", format: "application/n-quads", safe: true, documentLoader };
process.stdout.write(await jsonld.canonize(JSON.parse(await text(process.stdin)), options));
