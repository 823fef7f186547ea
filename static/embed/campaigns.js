// The parameters of the address that tell a campaign, where their values are on the site's list: no others are sent.
//
// Takes CAMPAIGNS (parameter → values).

const tags = new URLSearchParams();
for (const [name, value] of new URLSearchParams(location.search)) {
  if (Object.hasOwn(CAMPAIGNS, name) && CAMPAIGNS[name].includes(value)) tags.set(name, value);
}
const TAGS = String(tags) && "?" + tags;
