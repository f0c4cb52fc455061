"""Parameter Store, STS, KMS and S3."""

from .base import Case, client

OTHER = "222222222222"
IMAGE = "aws:ec2:image"


class Parameters(Case):
    def put(self, value, **more):
        return client("ssm").put_parameter(**{"Name": "/channel", "Value": value, "Type": "String", "DataType": IMAGE, **more})

    def value(self):
        found = client("ssm").get_parameter(Name="/channel")["Parameter"]
        return found["Value"], found["Version"]

    def test_an_image_is_decided_about_later(self):
        one, two = self.make(name="one")["image"], self.make(name="two")["image"]
        self.assertEqual(self.put(one)["Version"], 1)
        self.assertEqual(self.value(), (one, 1))
        self.settings(ssm_validation={"looks": 2})
        self.assertEqual(self.put(two, Overwrite=True)["Version"], 2)
        self.assertEqual(self.value(), (one, 1))
        self.assertEqual(self.value(), (two, 2))
        self.settings(ssm_validation={"ms": 300})
        self.put(one, Overwrite=True)
        self.assertEqual(self.value(), (two, 2))
        self.assertEqual(self.state("parameters")[0]["undecided"][0]["value"], one)
        self.clock.sleep(0.35)
        self.assertEqual(self.value(), (one, 3))

    def test_what_is_no_image_here_leaves_the_old_value(self):
        one = self.make(name="one")["image"]
        self.put(one)
        foreign, elsewhere = self.make(name="foreign", account=OTHER)["image"], self.make(name="there", region="eu-west-1")["image"]
        shared = self.make(name="shared", account=OTHER, launch_permissions=[{"UserId": "123456789012"}])["image"]
        disabled = self.make(name="disabled")["image"]
        client("ec2").disable_image(ImageId=disabled)
        for refused in ("ami-0123456789abcdef0", foreign, elsewhere, disabled):
            self.assertEqual(self.put(refused, Overwrite=True)["Version"], 2)
            self.assertEqual(self.value(), (one, 1))
        self.put(shared, Overwrite=True)
        self.assertEqual(self.value(), (shared, 2))
        self.refused("ValidationException", self.put, value="no id", Overwrite=True)
        self.put("ami-0123456789abcdef0", Name="/new")
        self.refused("ParameterNotFound", client("ssm").get_parameter, Name="/new")

    def test_overwriting(self):
        one = self.make(name="one")["image"]
        self.put(one, Tags=[{"Key": "a", "Value": "b"}])
        self.assertEqual(self.value(), (one, 1))
        self.refused("ParameterAlreadyExists", self.put, value=one)
        self.refused("ValidationException", self.put, value=one, Overwrite=True, Tags=[{"Key": "a", "Value": "b"}])
        tags = client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId="/channel")["TagList"]
        self.assertEqual(tags, [{"Key": "a", "Value": "b"}])

    def test_a_hundred_versions_are_kept(self):
        ssm = client("ssm")
        for i in range(103):
            ssm.put_parameter(Name="/many", Value=str(i), Type="String", Overwrite=True)
        [many] = self.state("parameters")
        self.assertEqual((len(many["versions"]), many["versions"][0]["version"], many["version"]), (100, 4, 103))
        ssm.label_parameter_version(Name="/many", ParameterVersion=4, Labels=["kept"])
        self.refused("ParameterMaxVersionLimitExceeded", ssm.put_parameter, Name="/many", Value="x", Overwrite=True,
                     Type="String")


class Sessions(Case):
    def test_roles_of_other_accounts(self):
        sts = client("sts")
        self.assertEqual(sts.get_caller_identity()["Account"], "123456789012")
        said = sts.assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/x", RoleSessionName="session")["Credentials"]
        keys = {"aws_access_key_id": said["AccessKeyId"], "aws_secret_access_key": said["SecretAccessKey"],
                "aws_session_token": said["SessionToken"]}
        who = client("sts", credentials=keys).get_caller_identity()
        self.assertEqual((who["Account"], who["Arn"]), (OTHER, f"arn:aws:sts::{OTHER}:assumed-role/x/session"))
        self.assertEqual(client("sts", credentials=keys).get_caller_identity()["UserId"], who["UserId"])
        image = self.make(name="theirs", account=OTHER)["image"]
        [found] = client("ec2", credentials=keys).describe_images(Owners=["self"])["Images"]
        self.assertEqual(found["ImageId"], image)
        self.assertEqual(self.calls()[-1]["account"], OTHER)
        self.refused("AccessDenied", sts.assume_role, 403, RoleArn=f"arn:aws:iam::{OTHER}:role/denied-role", RoleSessionName="session")

    def test_web_identity_and_credentials_that_end(self):
        self.settings(credential_seconds=1)
        said = client("sts").assume_role_with_web_identity(RoleArn=f"arn:aws:iam::{OTHER}:role/x", RoleSessionName="session",
                                                          WebIdentityToken="token")["Credentials"]
        keys = {"aws_access_key_id": said["AccessKeyId"], "aws_secret_access_key": said["SecretAccessKey"],
                "aws_session_token": said["SessionToken"]}
        self.assertEqual(client("sts", credentials=keys).get_caller_identity()["Account"], OTHER)
        self.clock.sleep(1.1)
        for service, code, call, arguments in (
            ("sts", "ExpiredToken", "get_caller_identity", {}),
            ("ec2", "RequestExpired", "describe_images", {}),
            ("ssm", "ExpiredTokenException", "get_parameter", {"Name": "/a"}),
            ("ebs", "ExpiredTokenException", "start_snapshot", {"VolumeSize": 1}),
            ("s3", "ExpiredToken", "put_object", {"Bucket": "bucket", "Key": "k", "Body": b""}),
        ):
            self.refused(code, getattr(client(service, credentials=keys), call), **arguments)
        self.assertEqual(self.state("snapshots"), [])


class Grants(Case):
    def test_a_name_makes_one_grant(self):
        key, kms = self.key(), client("kms")
        asked = {"KeyId": key, "GranteePrincipal": f"arn:aws:iam::{OTHER}:root", "Operations": ["Decrypt", "CreateGrant"]}
        first, again = kms.create_grant(Name="n", **asked), kms.create_grant(Name="n", **asked)
        self.assertEqual(first["GrantId"], again["GrantId"])
        self.assertNotEqual(first["GrantToken"], again["GrantToken"])
        self.assertNotEqual(kms.create_grant(**asked)["GrantId"], kms.create_grant(**asked)["GrantId"])
        asked["GranteePrincipal"] = "arn:aws:iam::333333333333:root"
        other = kms.create_grant(Name="n", **asked)["GrantId"]
        self.assertNotEqual(other, first["GrantId"])
        listed = kms.list_grants(KeyId=key, GranteePrincipal=asked["GranteePrincipal"])["Grants"]
        self.assertEqual([one["GrantId"] for one in listed], [other])
        self.assertEqual(len(kms.list_grants(KeyId=key)["Grants"]), 4)
        kms.revoke_grant(KeyId=key, GrantId=other)
        self.assertEqual(len(self.state("grants")), 3)


class KeyPairs(Case):
    def test_deleted_by_id(self):
        ec2 = client("ec2")
        made = ec2.create_key_pair(KeyName="one")["KeyPairId"]
        ec2.create_key_pair(KeyName="two")
        ec2.delete_key_pair(KeyPairId=made)
        ec2.delete_key_pair(KeyPairId=made)
        self.assertEqual([one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"]], ["two"])


class Objects(Case):
    def test_conditions_of_puts(self):
        s3 = client("s3")
        s3.create_bucket(Bucket="bucket")
        put = {"Bucket": "bucket", "Key": "k"}
        self.refused("NoSuchKey", s3.put_object, 404, Body=b"1", IfMatch='"etag"', **put)
        etag = s3.put_object(Body=b"1", IfNoneMatch="*", **put)["ETag"]
        self.refused("PreconditionFailed", s3.put_object, 412, Body=b"2", IfNoneMatch="*", **put)
        changed = s3.put_object(Body=b"2", IfMatch=etag, **put)["ETag"]
        self.refused("PreconditionFailed", s3.put_object, 412, Body=b"3", IfMatch=etag, **put)
        self.assertEqual(s3.get_object(**put)["ETag"], changed)
        self.faults({"kind": "conflict", "operation": "s3:PutObject"})
        self.refused("ConditionalRequestConflict", s3.put_object, 409, Body=b"4", IfMatch=changed, **put)
        self.assertEqual(s3.head_object(**put)["ContentLength"], 1)
        [told] = self.state("objects")
        self.assertEqual((told["key"], told["size"]), ("k", 1))

    def test_a_delete_marker_is_told_to_who_reads(self):
        s3 = client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
        object = {"Bucket": "bucket", "Key": "a/k"}

        def read():
            headers = self.refused("NoSuchKey", s3.get_object, 404, **object)["ResponseMetadata"]["HTTPHeaders"]
            return headers.get("x-amz-delete-marker")

        self.assertIsNone(read())
        s3.put_object(Body=b"1", **object)
        s3.delete_object(**object)
        self.assertEqual(read(), "true")
        self.assertEqual(self.state("objects"), [])
        s3.put_object(Body=b"2", **object)
        self.assertEqual(s3.get_object(**object)["Body"].read(), b"2")
