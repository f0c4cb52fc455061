# A layer on another image: its root with one service more, on a disk of its own. What happens is in bake.sh.

packer {
  required_version = ">= 1.9.0"
}

variable "base_image" {
  type        = string
  description = "Raw disk of the image below this one, as debian-base bakes it."
}

variable "service_binary" {
  type        = string
  description = "The service: a static executable. Verify its signature before you bake; nothing here does."
}

variable "architecture" {
  type        = string
  description = "amd64 or arm64: that of the base."
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
  description = "Folder the disk is written to, as debian-app.raw."
  default     = "output/debian-app"
}

locals {
  disk = "${var.output}/debian-app.raw"
}

source "null" "debian-app" {
  communicator = "none"
}

build {
  sources = ["source.null.debian-app"]

  provisioner "shell-local" {
    environment_vars = [
      "BASE_IMAGE=${var.base_image}",
      "SERVICE_BINARY=${var.service_binary}",
      "ARCHITECTURE=${var.architecture}",
      "SOURCE_DATE_EPOCH=${var.source_date_epoch}",
      "DISK_SIZE_GIB=${var.disk_size_gib}",
      "IMAGE=${local.disk}",
    ]
    execute_command = ["/bin/sh", "-c", "{{.Vars}} '{{.Script}}'"]
    script          = "${path.root}/bake.sh"
  }

  post-processor "artifice" {
    files = [local.disk]
  }
}
