'use strict';
require('../launcher/launcher.js').launch('fetch-image');
