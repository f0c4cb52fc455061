'use strict';
require('../launcher/launcher.js').launch('verify-image');
