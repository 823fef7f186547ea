window.wp_consent_type = "optin";
