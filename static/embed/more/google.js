// Tells whoever looks into the console that a tag ran before its consent default.

const isDefault = (entry) => entry?.[0] === "consent" && entry[1] === "default";
const isMeasuring = (entry) => entry?.[0] === "config" || entry?.[0] === "event" || entry?.event === "gtm.js";

if (isMeasuring(Array.from(window[LAYER]).find((entry) => isDefault(entry) || isMeasuring(entry)) || {})) {
  console.warn("consent: a Google tag ran before its consent default. Put what `consent embed` prints above every tag.");
}
