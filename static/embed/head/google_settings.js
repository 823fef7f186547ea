for (const name of COMMANDS) gtag("set", name, true);
