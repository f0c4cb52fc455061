'use strict';
require('../launcher/launcher.js').launch('policy-check');
