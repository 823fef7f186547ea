import { hydrateRoot } from "react-dom/client";
import { Shop } from "./page.jsx";

// With what a browser does by itself when hydration goes wrong: React reports the error as uncaught.
hydrateRoot(document, <Shop {...window.shop} />);
