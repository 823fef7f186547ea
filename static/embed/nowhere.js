// Where the server does not know its address, and the page does not say it.

if (!SERVER) return console.error("consent: set CONSENT_PUBLIC_URL on the server, or load the script from there");
