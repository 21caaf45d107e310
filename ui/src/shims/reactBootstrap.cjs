// Typed as the package "react-bootstrap"; see build.mjs.
module.exports = window.PluginApi.libraries.Bootstrap;
