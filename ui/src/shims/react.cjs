// Typed as the package "react"; see build.mjs.
module.exports = window.PluginApi.React;
