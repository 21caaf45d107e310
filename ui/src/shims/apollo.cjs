// Typed as the package "@apollo/client"; see build.mjs.
module.exports = window.PluginApi.libraries.Apollo;
