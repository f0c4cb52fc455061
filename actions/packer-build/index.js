'use strict';
require('../launcher/launcher.js').launch('packer-build');
