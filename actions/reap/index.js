'use strict';
require('../launcher/launcher.js').launch('reap');
