// What several parts here ask of the choice.
//
// Takes main (what api.js hands over).

const seconds = () => Math.floor(Date.now() / 1000);
const mapKeys = (object, value) => Object.fromEntries(Object.keys(object).map((key) => [key, value(key)]));
const isServiceGranted = (service) => main.isGranted(main.SERVICES[service], service);
// Whether it was made on this page.
const isOfHere = ({ t }) => t * 1000 > performance.timeOrigin - 1000;
const grantsAnything = () =>
  Object.keys(main.PURPOSES).some((purpose) => main.isGranted(purpose)) || Object.keys(main.SERVICES).some(isServiceGranted);
