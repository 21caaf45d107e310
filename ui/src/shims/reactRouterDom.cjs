// Typed as the package "react-router-dom"; see build.mjs.
module.exports = window.PluginApi.libraries.ReactRouterDOM;
