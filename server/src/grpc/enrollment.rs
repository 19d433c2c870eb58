//! `tacit.v1.Enrollment`.

use std::sync::Arc;

use tacit_proto::v1::enrollment_server;
use tacit_proto::v1::{
    DeviceInfo, EnrollDeviceRequest, EnrollDeviceResponse, RotateKeyRequest, RotateKeyResponse,
};
use tonic::{Request, Response, Status};

use super::{bearer, of_the_time, status};
use crate::Result;
use crate::app::App;
use crate::app::devices::{self, Enrolment};
use crate::domain::{Caller, access};

pub(super) struct Enrollment {
    app: Arc<App>,
}

impl Enrollment {
    pub(super) fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    async fn rotated(&self, request: Request<RotateKeyRequest>) -> Result<()> {
        let device = devices::authenticate(&self.app, bearer(request.metadata())?).await?;
        self.app.bounds.rotation(device)?;
        access::authorize("/tacit.v1.Enrollment/RotateKey", Some(&Caller::Device(device)))?;
        let RotateKeyRequest { public_key, proof } = request.into_inner();
        devices::rotate_key(&self.app, device, &public_key, &proof).await
    }
}

#[tonic::async_trait]
impl enrollment_server::Enrollment for Enrollment {
    async fn enroll_device(
        &self,
        request: Request<EnrollDeviceRequest>,
    ) -> Result<Response<EnrollDeviceResponse>, Status> {
        access::authorize("/tacit.v1.Enrollment/EnrollDevice", None).map_err(|e| status(&e))?;
        let EnrollDeviceRequest { token, public_key, proof, device } = request.into_inner();
        let DeviceInfo { name, os, os_version, agent_version } = device.unwrap_or_default();
        let enrolment = Enrolment {
            token: token.trim(),
            public_key: &public_key,
            proof: &proof,
            name: &name,
            os: &os,
            os_version: &os_version,
            agent_version: &agent_version,
        };
        let id = devices::enrol(&self.app, &enrolment).await.map_err(|e| status(&e))?;
        Ok(Response::new(EnrollDeviceResponse { device_id: id.to_string() }))
    }

    async fn rotate_key(
        &self,
        request: Request<RotateKeyRequest>,
    ) -> Result<Response<RotateKeyResponse>, Status> {
        self.rotated(request).await.map_err(|e| {
            metrics::counter!("tacit_key_rotations_refused_total", "reason" => e.kind().name()).increment(1);
            of_the_time(status(&e), &self.app)
        })?;
        Ok(Response::new(RotateKeyResponse {}))
    }
}
