# A Debian image for any hypervisor: a raw disk, baked from the packages of a mirror. What happens is in bake.sh.

packer {
  required_version = ">= 1.9.0"
}

variable "mirror" {
  type        = string
  description = "Debian mirror the packages come from."
  default     = "http://deb.debian.org/debian"
}

variable "security_mirror" {
  type        = string
  description = "Mirror of the security updates. Empty: none."
  default     = "http://deb.debian.org/debian-security"
}

variable "suite" {
  type        = string
  description = "Debian release, by its code name."
  default     = "trixie"
}

variable "architecture" {
  type        = string
  description = "amd64 or arm64."
  default     = "amd64"

  validation {
    condition     = contains(["amd64", "arm64"], var.architecture)
    error_message = "The architecture is amd64 or arm64."
  }
}

variable "source_date_epoch" {
  type        = number
  description = "Latest time that anything in the image carries, in seconds since 1970."
  default     = 1767225600

  validation {
    condition     = var.source_date_epoch > 0 && floor(var.source_date_epoch) == var.source_date_epoch
    error_message = "The source_date_epoch is a whole number of seconds since 1970."
  }
}

variable "disk_size_gib" {
  type        = number
  description = "Size of the disk in whole GiB."
  default     = 2

  validation {
    condition     = var.disk_size_gib >= 1 && floor(var.disk_size_gib) == var.disk_size_gib
    error_message = "The disk_size_gib is a whole number, at least 1."
  }
}

variable "output" {
  type        = string
  description = "Folder the disk is written to, as debian-base.raw."
  default     = "output/debian-base"
}

variable "package_cache" {
  type        = string
  description = "Folder that keeps downloaded packages for the next bake. Empty: none."
  default     = ""
}

locals {
  disk = "${var.output}/debian-base.raw"
}

source "null" "debian-base" {
  communicator = "none"
}

build {
  sources = ["source.null.debian-base"]

  provisioner "shell-local" {
    environment_vars = [
      "MIRROR=${var.mirror}",
      "SECURITY_MIRROR=${var.security_mirror}",
      "SUITE=${var.suite}",
      "ARCHITECTURE=${var.architecture}",
      "SOURCE_DATE_EPOCH=${var.source_date_epoch}",
      "DISK_SIZE_GIB=${var.disk_size_gib}",
      "IMAGE=${local.disk}",
      "PACKAGE_CACHE=${var.package_cache}",
    ]
    execute_command = ["/bin/sh", "-c", "{{.Vars}} '{{.Script}}'"]
    script          = "${path.root}/bake.sh"
  }

  post-processor "artifice" {
    files = [local.disk]
  }
}
