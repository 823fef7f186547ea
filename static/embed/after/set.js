// What pages decide themselves, in place of a visitor who answered in the page's own words.
//
// Takes main.

function set(purposes, services = {}, source = "settings") {
  const wanted = mapKeys(main.PURPOSES, (purpose) =>
    Object.hasOwn(purposes, purpose) ? purposes[purpose] === true : main.isGranted(purpose));
  const single = {};
  for (const service of Object.keys(main.SERVICES)) {
    if (Object.hasOwn(services, service)) single[service] = services[service] === true;
    // What was decided about a single service stands until its purpose is named.
    else if (main.choice && service in main.choice.s && !Object.hasOwn(purposes, main.SERVICES[service])) {
      single[service] = isServiceGranted(service);
    }
  }
  main.decide("choose", source, wanted, single);
}
