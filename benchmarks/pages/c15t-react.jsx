// As in c15t's quickstart for React: a provider with the banner and the dialog.
import "@c15t/react/styles.css";
import { ConsentBanner, ConsentDialog, ConsentManagerProvider } from "@c15t/react";
import { createRoot } from "react-dom/client";
import { options } from "./c15t-options.js";

createRoot(document.getElementById("root")).render(
  <ConsentManagerProvider options={options}>
    <ConsentBanner />
    <ConsentDialog />
  </ConsentManagerProvider>,
);
